import { useState } from "react";
import type { Job } from "../api/types.ts";
import { useApp } from "../state/app-context.ts";
import { CopyButton } from "../ui/copy-button.tsx";
import { Segmented } from "../ui/segmented.tsx";
import { Tabs } from "../ui/tabs.tsx";
import styles from "./code-panel.module.css";
import { samplesFor } from "./samples.ts";

/** The job on screen, as code would ask for it. */
export function CodePanel({ job }: { readonly job: Job }) {
  const { session } = useApp();
  const all = samplesFor({ job, base: session.public_url });
  const [name, setName] = useState<string>(job.dialect);
  const [language, setLanguage] = useState("JavaScript");
  const shown = all.find((samples) => samples.name === name) ?? all[0];
  const sample = shown?.samples.find((candidate) => candidate.language === language) ?? shown?.samples[0];
  if (shown === undefined || sample === undefined) return null;
  return (
    <div className={styles.panel}>
      <Tabs
        label="Service"
        value={shown.name}
        onChange={setName}
        tabs={all.map(({ name: value, title }) => ({ value, label: title }))}
      >
        <div className={styles.body}>
          <dl className={styles.facts}>
            {shown.baseUrl !== undefined && (
              <div>
                <dt>Base URL</dt>
                <dd>
                  <code>{shown.baseUrl}</code>
                  <CopyButton look="quiet" text={shown.baseUrl} />
                </dd>
              </div>
            )}
            <div>
              <dt>Key</dt>
              <dd>
                {shown.name === "cli" ? (
                  "none: it works on this machine, without a server"
                ) : (
                  <>
                    <code>UPRES_KEY</code>, where the service's own key was; <code>npx upres keys create</code> makes one
                  </>
                )}
              </dd>
            </div>
          </dl>
          <div className={styles.code}>
            <div className={styles.bar}>
              {shown.samples.length > 1 ? (
                <Segmented
                  label="Language"
                  value={sample.language}
                  onChange={setLanguage}
                  options={shown.samples.map(({ language: value }) => ({ value, label: value }))}
                />
              ) : (
                <span>{sample.language}</span>
              )}
              <CopyButton text={sample.code} label="Copy code" />
            </div>
            <pre tabIndex={0} aria-label={`${shown.title}, ${sample.language}`}>
              <code>{sample.code}</code>
            </pre>
          </div>
          {shown.differences.length > 0 && (
            <div className={styles.differences}>
              <h3>What this request does differently</h3>
              <ul>
                {shown.differences.map((difference) => (
                  <li key={difference}>{difference}</li>
                ))}
              </ul>
            </div>
          )}
        </div>
      </Tabs>
    </div>
  );
}
