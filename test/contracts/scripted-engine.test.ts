import { HOUSE } from "../support/house-script.ts";
import { scriptedEngine } from "../support/scripted-engine.ts";
import { describeEngine } from "./engine-contract.ts";

describeEngine("The scripted engine", async () => scriptedEngine({ ...HOUSE, contextSize: 512 }));
