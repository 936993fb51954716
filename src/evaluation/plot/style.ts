/**
 * Readable on a light and on a dark page: a page decides by its reader's settings, and a chart brings its own ground, as an image
 * does not learn the page's. The tones keep apart for all kinds of colour vision, and each has a contrast of 3 and more.
 */
const LIGHT = { ground: "#ffffff", ink: "#1f2328", faint: "#59636e", grid: "#d8dee4", tones: ["#6e7781", "#bc4c00", "#0a5ad4", "#116b3a"] };
const DARK = { ground: "#0d1117", ink: "#e6edf3", faint: "#9198a1", grid: "#2d333b", tones: ["#9ea7b3", "#f0883e", "#6cb0ff", "#4ac26b"] };

type Colours = typeof LIGHT;

export const STYLE = `
text { font-family: system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; font-size: 12px; }
.heading { font-size: 16px; font-weight: 600; }
.panel { font-weight: 600; font-size: 13px; }
.label { font-size: 11px; }
.grid, .frame, .interval, .joint { fill: none; stroke-width: 1; }
.reference { stroke-dasharray: 4 3; stroke-width: 1.25; }
.interval { stroke-width: 1.5; }
.joint { stroke-width: 1.5; opacity: 0.55; }
.mark { stroke-width: 1; }
.hollow { fill: none; stroke-width: 2; }
${rules(LIGHT)}
@media (prefers-color-scheme: dark) {
${rules(DARK)}
}
`;

function rules({ ground, ink, faint, grid, tones }: Colours): string {
  return [
    `.ground { fill: ${ground}; }`,
    `.heading, .panel, .legend { fill: ${ink}; }`,
    `.axis { fill: ${faint}; }`,
    `.grid { stroke: ${grid}; }`,
    `.reference, .frame { stroke: ${faint}; }`,
    `.mark { stroke: ${ground}; }`,
    ...tones.map((tone, index) => toneRules(`.tone-${index + 1}`, tone)),
  ].join("\n");
}

function toneRules(name: string, tone: string): string {
  return `${name} .mark, ${name} .label { fill: ${tone}; } ${name} .interval, ${name} .joint, ${name} .hollow { stroke: ${tone}; }`;
}
