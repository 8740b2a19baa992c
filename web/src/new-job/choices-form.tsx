import type { Choices } from "../api/endpoints.ts";
import type { Container, Estimate } from "../api/types.ts";
import { presetWords } from "../jobs/describe.ts";
import { useApp } from "../state/app-context.ts";
import { Segmented } from "../ui/segmented.tsx";
import { sizeOf, sizes, withSize } from "./choices.ts";
import styles from "./choices-form.module.css";

type ChoicesFormProps = {
  readonly estimate: Estimate;
  readonly choices: Choices;
  readonly onChange: (choices: Choices) => void;
};

export function ChoicesForm({ estimate, choices, onChange }: ChoicesFormProps) {
  const { session } = useApp();
  const { proposal, used_preset: used } = estimate;
  return (
    <section className={styles.form} aria-labelledby="choices-title">
      <h2 id="choices-title">What it becomes</h2>
      <div className={styles.row}>
        <span className={styles.label} id="size-label">
          Size
        </span>
        <Segmented
          label="Size"
          value={sizeOf(choices, estimate.source)}
          options={sizes.map((size) => ({ value: size, label: size }))}
          onChange={(size) => onChange(withSize(choices, size))}
        />
      </div>
      <div className={styles.row}>
        <span className={styles.label}>Preset</span>
        <div className={styles.presets} role="radiogroup" aria-label="Preset">
          {session.presets.map((preset) => (
            <label key={preset} className={styles.preset}>
              <input type="radio" name="preset" checked={preset === used} onChange={() => onChange({ ...choices, preset })} />
              <span className={styles.face}>
                <strong>{presetWords[preset].name}</strong>
                {preset === proposal.preset && <em>proposed</em>}
                <span>{presetWords[preset].about}</span>
              </span>
            </label>
          ))}
          <p className={styles.because}>
            <strong>{presetWords[proposal.preset].name}</strong> is proposed: {proposal.reason}
            {!proposal.available && " It is not available here yet, so General is used."}
          </p>
        </div>
      </div>
      <details className={styles.more}>
        <summary>More settings</summary>
        <div className={styles.fields}>
          <Choice
            label="Frame rate"
            value={String(choices.fps ?? "keep")}
            options={[
              ["keep", "As the source"],
              ["30", "30 fps"],
              ["60", "60 fps"],
            ]}
            onChange={(value) => onChange({ ...choices, fps: value === "30" ? 30 : value === "60" ? 60 : "keep" })}
          />
          <Choice
            label="Fidelity"
            value={choices.fidelity ?? "high"}
            options={[
              ["high", "High: stays with the source"],
              ["medium", "Medium: may add detail"],
            ]}
            onChange={(value) => onChange({ ...choices, fidelity: value === "medium" ? "medium" : "high" })}
          />
          <Choice
            label="File"
            value={choices.format ?? "mp4"}
            options={session.containers.map((name): [string, string] => [name, name.toUpperCase()])}
            onChange={(value) =>
              onChange({ ...choices, format: session.containers.find((name): name is Container => name === value) ?? "mp4" })
            }
          />
          <label className={styles.field}>
            <span>
              Quality <output className="numbers">{choices.quality ?? 90}</output>
            </span>
            <input
              type="range"
              min={20}
              max={99}
              value={choices.quality ?? 90}
              aria-valuetext={`${choices.quality ?? 90}, 20 is a small file, 99 nearly lossless`}
              onChange={(event) => onChange({ ...choices, quality: Number(event.target.value) })}
            />
          </label>
        </div>
      </details>
    </section>
  );
}

type ChoiceProps = {
  readonly label: string;
  readonly value: string;
  readonly options: readonly (readonly [string, string])[];
  readonly onChange: (value: string) => void;
};

function Choice({ label, value, options, onChange }: ChoiceProps) {
  return (
    <label className={styles.field}>
      <span>{label}</span>
      <select value={value} onChange={(event) => onChange(event.target.value)}>
        {options.map(([name, words]) => (
          <option key={name} value={name}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}
