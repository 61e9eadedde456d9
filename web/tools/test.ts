import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/* Runs the suites and ends with a plain line "N passed, N failed, N skipped". usage: test.ts [unit|browser]... */
interface Report {
  readonly numPassedTests: number; readonly numFailedTests: number; readonly numPendingTests: number; readonly success: boolean;
  readonly testResults: readonly {
    readonly name: string; readonly status: string; readonly message: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string; readonly failureMessages: readonly string[] | null }[];
  }[];
}

const wanted = process.argv.slice(2);
const suites = wanted.length > 0 ? wanted : ["checks", "unit", "browser"];
const total = { passed: 0, failed: 0, skipped: 0 };

function run(script: string, ...args: string[]): boolean {
  return spawnSync(process.execPath, [script, ...args], { stdio: "inherit" }).status === 0;
}

function count(name: string, good: boolean): void {
  console.log(`web ${name}: ${good ? "passed" : "FAILED"}`);
  if (good) total.passed += 1;
  else total.failed += 1;
}

function tell(report: Report): void {
  for (const file of report.testResults) {
    if (file.status === "failed" && file.assertionResults.length === 0) console.log(`FAILED ${file.name}\n${file.message}`);
    for (const test of file.assertionResults) if (test.status === "failed") console.log(`FAILED ${test.fullName}\n${(test.failureMessages ?? []).join("\n")}`);
  }
}

function vitest(project: string): void {
  const folder = mkdtempSync(join(tmpdir(), "postroom-web-"));
  const file = join(folder, "report.json");
  const done = spawnSync(process.execPath, ["node_modules/vitest/vitest.mjs", "run", "--project", project, "--reporter=json", `--outputFile=${file}`], { stdio: ["ignore", "ignore", "inherit"] });
  try {
    const report = JSON.parse(readFileSync(file, "utf8")) as Report;
    tell(report);
    const broken = report.testResults.filter((one) => one.status === "failed" && one.assertionResults.length === 0).length;
    total.passed += report.numPassedTests;
    total.failed += report.numFailedTests + broken;
    total.skipped += report.numPendingTests;
    console.log(`web ${project}: ${report.numPassedTests} passed, ${report.numFailedTests + broken} failed, ${report.numPendingTests} skipped`);
    if (done.status !== 0 && report.numFailedTests + broken === 0) total.failed += 1;
  } catch (error) {
    total.failed += 1;
    console.log(`web ${project}: no report (${String(error)})`);
  }
  rmSync(folder, { recursive: true, force: true });
}

for (const suite of suites) {
  if (suite === "checks") {
    count("types", run("node_modules/typescript/bin/tsc", "--noEmit", "-p", "."));
    count("texts", run("tools/check-text.ts"));
    count("sources", run("tools/check-source.ts"));
  } else if (suite === "browser") {
    count("build", run("node_modules/vite/bin/vite.js", "build", "--logLevel", "warn"));
    count("budgets", run("tools/check-budgets.ts"));
    vitest("browser");
  } else vitest(suite);
}

console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed > 0 ? 1 : 0);
