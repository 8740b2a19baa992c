import { type Answer, type Envelope, envelope, refusal } from "./answer.ts";
import type { Caller, RunwareContext } from "./context.ts";
import { decodeTasks, type Task } from "./decode.ts";
import { acceptTask, answerInTime, invalidApiKey, missingApiKey, nameOf, type Outcome } from "./tasks.ts";
import { AuthenticationTask } from "./wire.ts";

export type HttpReply = { readonly status: number; readonly body: Envelope };

export type HttpCall = {
  readonly text: string;
  /** Of the `Authorization` header, where there is one; it is valid then. */
  readonly credential: string | undefined;
  readonly hasHeader: boolean;
  readonly publicBase: string;
  readonly isDryRun: boolean;
  /** Aborts when the caller goes away. */
  readonly disconnected: AbortSignal;
};

/** The key in an `Authorization` header; undefined where there is no header. */
export function credentialOf(authorization: string | undefined): string | undefined {
  if (authorization === undefined || authorization.trim() === "") return undefined;
  return /^bearer\s+(.*)$/is.exec(authorization.trim())?.[1]?.trim() ?? "";
}

/** A refusal of the key itself names no task. */
export function keyRefused(): HttpReply {
  return { status: 401, body: { errors: errorsOf([refusal(invalidApiKey, { taskType: "authentication" })]) } };
}

/** Answers a request's tasks in their order, synchronous ones once they have ended.
 *  Throws: AppError `rate_limited`. */
export async function answerHttp(call: HttpCall, context: RunwareContext): Promise<HttpReply> {
  const decoded = decodeTasks(call.text);
  if (!decoded.ok) return replyOf([refusal(decoded.problem)]);
  const keys = decoded.value.filter(isAuthentication).map((task) => AuthenticationTask.parse(task).apiKey ?? "");
  const tasks = decoded.value.filter((task) => !isAuthentication(task));
  const credential = call.hasHeader ? call.credential : keys[0];
  const accounts: (string | undefined)[] = [];
  for (const candidate of new Set([credential, ...keys])) {
    accounts.push((await context.authenticate(candidate, { counts: false }))?.accountId);
  }
  const [accountId] = accounts;
  if (accountId === undefined || accounts.includes(undefined)) {
    return keys.length > 0 || call.hasHeader ? keyRefused() : keyMissing(tasks);
  }
  const caller: Caller = { credential, accountId, publicBase: call.publicBase, isDryRun: call.isDryRun };
  const outcomes: Outcome[] = [];
  for (const task of tasks) {
    if (call.disconnected.aborted) break;
    outcomes.push(await acceptTask(task, caller, context));
  }
  return replyOf(await answersOf(outcomes, call, context));
}

function isAuthentication({ taskType }: Task): boolean {
  return taskType === "authentication";
}

/** An entry for each task. */
export function keyMissing(tasks: readonly Task[]): HttpReply {
  return { status: 401, body: { errors: errorsOf(tasks.map((task) => refusal(missingApiKey, nameOf(task)))) } };
}

function errorsOf(answers: readonly Answer[]): Envelope["errors"] & {} {
  return envelope(answers).errors ?? [];
}

/** One deadline for all that have to be waited for. */
async function answersOf(outcomes: readonly Outcome[], call: HttpCall, context: RunwareContext): Promise<readonly Answer[]> {
  const { clock, limits } = context;
  const untilMs = clock.now().getTime() + limits.syncWaitMs;
  const answers: Answer[] = [];
  for (const outcome of outcomes) {
    if (outcome.kind === "answered") {
      answers.push(outcome.answer);
      continue;
    }
    const waitMs = Math.max(0, untilMs - clock.now().getTime());
    answers.push(await answerInTime(outcome, { publicBase: call.publicBase, signal: call.disconnected, waitMs }, context));
  }
  return answers;
}

/** 200 as soon as one task was accepted, otherwise the status of the first refusal. */
function replyOf(answers: readonly Answer[]): HttpReply {
  const statuses = answers.map((answer) => (answer.kind === "data" ? 200 : answer.status));
  return { status: statuses.includes(200) ? 200 : (statuses[0] ?? 200), body: envelope(answers) };
}
