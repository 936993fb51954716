/** Narrow first: at 360 pixels everything but wide tables fits, and those move within their frames. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; }
body { margin: 0 auto; padding: 12px; max-width: 1180px; font: 16px/1.5 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
h1 { font-size: 1.5em; line-height: 1.2; }
h2 { font-size: 1.2em; margin-top: 2em; }
dl { display: grid; grid-template-columns: fit-content(40%) minmax(0, 1fr); gap: 4px 12px; }
dt { font-weight: 600; }
dd, pre, summary, li { margin: 0; overflow-wrap: anywhere; unicode-bidi: isolate; }
pre { white-space: pre-wrap; font: inherit; padding: 8px; border-left: 3px solid GrayText; }
details { border-top: 1px solid GrayText; padding: 6px 0; }
.caveats { padding: 12px 12px 12px 28px; border: 2px solid #bc4c00; border-radius: 6px; font-weight: 600; }
.key { display: flex; flex-wrap: wrap; gap: 4px 16px; padding: 0; list-style: none; }
.key svg { vertical-align: middle; }
.charts { display: flex; flex-wrap: wrap; gap: 8px; }
.charts svg { max-width: 100%; height: auto; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.875em; }
th, td { padding: 4px 10px 4px 0; text-align: left; vertical-align: top; border-bottom: 1px solid GrayText; white-space: nowrap; }
`;
