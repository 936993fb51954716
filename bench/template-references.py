"""Fills in chat templates with Jinja itself, as Transformers does. JSON in: sources by name, and values; JSON out: texts, or null where one refuses."""

import datetime
import json
import sys

import jinja2
import jinja2.ext


class Generation(jinja2.ext.Extension):
    """A block that says what the model writes; it says it as it is."""

    tags = {"generation"}

    def parse(self, parser):
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def to_json(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def raise_exception(message):
    raise jinja2.TemplateError(message)


def render(template, ways):
    """In the first way in which the template can be filled in."""
    for values in ways:
        try:
            return template.render(**values)
        except (jinja2.TemplateError, TypeError):
            continue
    return None


# Not the sandbox of Transformers, in which the templates of Kimi K2 cannot call tools.
environment = jinja2.Environment(trim_blocks=True, lstrip_blocks=True, extensions=[jinja2.ext.loopcontrols, Generation])
environment.filters["tojson"] = to_json
environment.globals["raise_exception"] = raise_exception
environment.globals["strftime_now"] = lambda form: datetime.datetime.now().strftime(form)

asked = json.load(sys.stdin)
texts = {}
for name, source in asked["sources"].items():
    template = environment.from_string(source)
    texts[name] = [render(template, ways) for ways in asked["conversations"]]
json.dump({"texts": texts}, sys.stdout)
