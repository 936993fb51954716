export { promptingNotice, promptOf, withPrompting } from "./prompt.ts";
