// Prints "N passed, N failed" from Vitest's JSON report. A run that failed never reads as one without failures.
import { existsSync, readFileSync } from "node:fs";

const [path, code] = process.argv.slice(2);
const report = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : { numPassedTests: 0, numFailedTests: 0, testResults: [] };
const brokenFiles = report.testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0).length;
const failed = report.numFailedTests + brokenFiles;

console.log(`${report.numPassedTests} passed, ${code === "0" ? failed : Math.max(1, failed)} failed`);
