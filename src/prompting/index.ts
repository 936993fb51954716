export { promptingNotice, promptLength, promptOf, withPrompting } from "./prompt.ts";
