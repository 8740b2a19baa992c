import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describeSettings } from "./describe-settings.ts";

// Writes docs/configuration.md from the settings; a test says when it was forgotten.

await writeFile(fileURLToPath(new URL("../docs/configuration.md", import.meta.url)), describeSettings());
