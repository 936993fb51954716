/** Where the paper ends a clause, so that what stands before it can be judged. */
const CLAUSE_END = /[,.?:;\n]\s*$/;

export function endsClause(text: string): boolean {
  return CLAUSE_END.test(text);
}
