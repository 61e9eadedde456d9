import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { seedWorld } from "./seed.ts";
import { serveMock } from "./server.ts";

/* A server for development: sign in as ada@contoso.example with "correct horse". */
const { values } = parseArgs({
  options: { port: { type: "string", default: "8025" }, filler: { type: "string", default: "160" }, empty: { type: "boolean", default: false }, base: { type: "string", default: "/" } },
});
const dist = fileURLToPath(new URL("../dist/", import.meta.url));
const world = seedWorld({ filler: Number(values.filler), empty: values.empty });
const mock = await serveMock(world, { port: Number(values.port), base: values.base, ...(existsSync(dist) ? { dist } : {}) });
console.log(`mock server at ${mock.url}`);
