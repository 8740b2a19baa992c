import type { Report } from "./report.ts";
import { Session, type SessionOptions } from "./session.ts";

/** Makes `outputPath` from `inputPath`: inspect, plan, enhance segment by segment, assemble, verify, rename.
 *  An interrupted run leaves its finished segments beside the output and the next one takes them up.
 *  Throws: AppError; `verification_failed` when the result breaks a bound of the report. */
export async function run(options: SessionOptions): Promise<Report> {
  await using session = await Session.open(options);
  return await session.finish();
}
