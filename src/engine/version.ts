import packageJson from "../../package.json" with { type: "json" };

/** The version in every report; part of what makes two runs the same. */
export const version: string = packageJson.version;
