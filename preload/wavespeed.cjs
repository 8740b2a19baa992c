"use strict";

/* oxlint-disable typescript/no-require-imports -- what --require loads is CommonJS */

// Sends the module-level run() and upload() of the `wavespeed` package to another server:
//   WAVESPEED_BASE_URL=http://127.0.0.1:7878 node --require ./preload/wavespeed.cjs app.mjs
// The package knows no setting for that, and makes its client at the first call.

const { createRequire } = require("node:module");
const { dirname, join } = require("node:path");

const baseUrl = process.env.WAVESPEED_BASE_URL;
const protocol = URL.canParse(baseUrl ?? "") ? new URL(baseUrl).protocol : undefined;
if (protocol !== "http:" && protocol !== "https:") {
  const found = baseUrl === undefined || baseUrl === "" ? "is not set" : `is "${baseUrl}"`;
  throw new Error(`WAVESPEED_BASE_URL ${found}; it has to be the address of the server, such as http://127.0.0.1:7878.`);
}

configOfProgram().api.baseUrl = baseUrl;

/** The settings of the copy of the package that the program itself gets. */
function configOfProgram() {
  const [, program] = process.argv;
  const folder = program === undefined ? process.cwd() : dirname(program);
  try {
    return createRequire(join(folder, "noop.js"))("wavespeed/dist/config");
  } catch (cause) {
    throw new Error(`The package "wavespeed" 0.2 or newer was not found from ${folder}; install it there.`, { cause });
  }
}
