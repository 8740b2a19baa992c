import styles from "./line-plot.module.css";

export type PlotLine = {
  readonly name: string;
  /** Shape: [seconds, value], in rising order. */
  readonly points: readonly (readonly [number, number])[];
  readonly look: "accent" | "soft";
};

type LinePlotProps = {
  readonly title: string;
  readonly unit: string;
  /** The end of the time axis, in seconds. */
  readonly until: number;
  /** Where the scale begins at the latest. */
  readonly least?: number;
  readonly lines: readonly PlotLine[];
};

const wide = 300;
const high = 96;

/** A small plot over time; its numbers are read out in one sentence. */
export function LinePlot({ title, unit, until, least, lines }: LinePlotProps) {
  const values = lines.flatMap(({ points }) => points.map(([, value]) => value));
  const low = Math.min(least ?? Number.POSITIVE_INFINITY, ...values);
  const top = Math.max(...values, low + 1e-3);
  const room = (top - low) * 0.08 + 0.05;
  const from = least !== undefined && low >= least ? least : low - room;
  const to = top + room;
  const x = (seconds: number): number => (wide * seconds) / Math.max(1e-6, until);
  const y = (value: number): number => high - (high * (value - from)) / (to - from);
  const isEmpty = values.length === 0;
  const said = lines.map(({ name, points }) => `${name} ${rangeOf(points)}`).join("; ");
  return (
    <figure className={styles.figure}>
      <figcaption>
        <strong>{title}</strong> <span>{unit}</span>
      </figcaption>
      <div className={styles.plot}>
        <svg
          viewBox={`0 0 ${wide} ${high}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={isEmpty ? `${title}, being measured` : `${title}: ${said} ${unit}`}
        >
          {[0, 0.5, 1].map((share) => (
            <line key={share} x1="0" x2={wide} y1={high * share} y2={high * share} className={styles.grid} />
          ))}
          {lines.map(({ name, points, look }) => (
            <polyline
              key={name}
              points={points.map(([at, value]) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(" ")}
              className={styles[look]}
            />
          ))}
        </svg>
        {!isEmpty && (
          <span className={`${styles.scale} numbers`} aria-hidden="true">
            <span>{number(to)}</span>
            <span>{number(from)}</span>
          </span>
        )}
        {isEmpty && <p className={styles.empty}>Measuring…</p>}
      </div>
      {lines.length > 1 && (
        <p className={styles.legend} aria-hidden="true">
          {lines.map(({ name, look }) => (
            <span key={name} data-look={look}>
              {name}
            </span>
          ))}
        </p>
      )}
    </figure>
  );
}

function number(value: number): string {
  return Math.abs(value) >= 10 ? value.toFixed(0) : value.toFixed(1);
}

function rangeOf(points: PlotLine["points"]): string {
  const values = points.map(([, value]) => value);
  return values.length === 0 ? "unknown" : `${Math.min(...values).toFixed(1)} to ${Math.max(...values).toFixed(1)}`;
}
