import type { ComponentType } from "discord-api-types/v10";

interface Node {
  readonly type: ComponentType;
  readonly components?: readonly Node[];
  readonly component?: Node;
  readonly accessory?: Node;
}

/** All components, those inside of others too. */
export function* eachComponent(components: readonly unknown[]): Generator<Node> {
  for (const node of components as readonly Node[]) {
    yield node;
    const inner = [node.components ?? [], node.component ?? [], node.accessory ?? []].flat();
    yield* eachComponent(inner);
  }
}
