import type { Report } from "../api/types.ts";
import styles from "./report-panel.module.css";

/** What became of every track, the chapters and the metadata. */
export function Streams({ report: { streams, chapters, metadata } }: { readonly report: Report }) {
  const rows = [
    { name: "video", action: "upscaled", reason: "the main moving picture" },
    ...streams.map((stream) => ({
      name: `${stream.kind} ${stream.index}, ${stream.codec}${stream.language === undefined ? "" : `, ${stream.language}`}`,
      action: stream.action === "convert" ? `converted to ${stream.to}` : stream.action === "keep" ? "kept" : "dropped",
      reason: stream.reason,
    })),
    ...(chapters.source === 0
      ? []
      : [
          {
            name: "chapters",
            action: chapters.output === chapters.source ? "kept" : `${chapters.output} of ${chapters.source}`,
            reason: chapters.reason,
          },
        ]),
    ...(metadata.kept.length === 0 ? [] : [{ name: "metadata", action: "kept", reason: metadata.kept.join(", ") }]),
    ...(metadata.dropped.length === 0 ? [] : [{ name: "metadata", action: "dropped", reason: metadata.dropped.join(", ") }]),
  ];
  return (
    <table className={styles.lines}>
      <tbody>
        {rows.map(({ name, action, reason }) => (
          <tr key={name + action}>
            <th scope="row">{name}</th>
            <td className={styles.choice}>
              <span className={styles.action} data-action={action.split(" ")[0]}>
                {action}
              </span>
            </td>
            <td className={styles.why}>{reason}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Topic, choice and reason, line by line. */
export function DecisionLines({ lines }: { readonly lines: readonly { topic: string; choice: string; reason: string }[] }) {
  return (
    <table className={styles.lines}>
      <tbody>
        {lines.map(({ topic, choice, reason }, index) => (
          <tr key={`${index} ${topic}`}>
            <th scope="row">{topic}</th>
            <td className={styles.choice}>{choice}</td>
            <td className={styles.why}>{reason}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
