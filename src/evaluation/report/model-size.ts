/** As people name the size of a model: 135 M, 7 B. */
export function sizeText(parameters: number): string {
  const [unit, letter] = parameters < 999.5e6 ? [1e6, "M"] : [1e9, "B"];
  const shown = parameters / unit;
  return `${shown < 9.95 ? shown.toFixed(1) : shown.toFixed(0)} ${letter}`;
}
