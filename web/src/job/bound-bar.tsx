import styles from "./bound-bar.module.css";

type BoundBarProps = {
  readonly name: string;
  readonly about: string;
  readonly value: number;
  /** The ends of the scale. */
  readonly from: number;
  readonly to: number;
  /** Below this the job would have failed; the ends themselves where it is left out. */
  readonly bound?: number;
  /** The bar begins in the middle. */
  readonly isCentred?: boolean;
  readonly text: string;
};

/** A number on the scale of what is allowed. */
export function BoundBar({ name, about, value, from, to, bound, isCentred = false, text }: BoundBarProps) {
  const share = (at: number): number => (100 * (Math.min(to, Math.max(from, at)) - from)) / (to - from);
  const start = isCentred ? share((from + to) / 2) : 0;
  const end = share(value);
  const limits = bound === undefined ? `${from} to ${to}` : `at least ${bound}`;
  return (
    <figure className={styles.figure}>
      <figcaption>
        <span>{name}</span>
        <strong className="numbers">{text}</strong>
      </figcaption>
      <svg viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label={`${name} ${text}; allowed: ${limits}`}>
        <rect x="0" y="2" width="100" height="4" rx="0" className={styles.ground} />
        <rect x={Math.min(start, end)} y="2" width={Math.max(0.8, Math.abs(end - start))} height="4" className={styles.bar} />
        {bound !== undefined && <rect x={share(bound)} y="0" width="0.5" height="8" className={styles.bound} />}
        {isCentred && <rect x="49.75" y="0" width="0.5" height="8" className={styles.bound} />}
      </svg>
      <p>
        {about}; allowed: {limits}
      </p>
    </figure>
  );
}
