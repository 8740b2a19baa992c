/** Drawn on a 16 px grid with a 1.5 px line. */
const paths = {
  add: "M8 3v10M3 8h10",
  arrowLeft: "M9.5 3.5 5 8l4.5 4.5",
  arrowRight: "M6.5 3.5 11 8l-4.5 4.5",
  check: "m3.5 8.5 3 3 6-7",
  close: "m4 4 8 8M12 4l-8 8",
  code: "m5.5 4.5-3.5 3.5 3.5 3.5M10.5 4.5 14 8l-3.5 3.5",
  compare: "M8 2v12M2.5 4h11v8h-11z",
  copy: "M5.5 5.5h8v8h-8zM3 10.5h-.5v-8h8V3",
  difference: "M6 3a5 5 0 1 0 0 10A5 5 0 0 0 6 3ZM10 3a5 5 0 1 1 0 10A5 5 0 0 1 10 3Z",
  download: "M8 2.5v7.5m-3-3 3 3 3-3M2.5 13.5h11",
  film: "M2.5 3.5h11v9h-11zM5.5 3.5v9M10.5 3.5v9",
  flip: "M3 6h9.5L10 3.5M13 10H3.5L6 12.5",
  gear: "M2 4.5h6M12 4.5h2M10 3v3M2 11.5h2M8 11.5h6M6 10v3",
  info: "M8 7.5v4M8 4.75v.01M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12Z",
  jobs: "M2.5 4h11M2.5 8h11M2.5 12h7",
  key: "M9.5 8.5a3.25 3.25 0 1 0-2-2L2.5 11.5v2h2.5v-2h2v-2zM10.75 5.25v.01",
  link: "M6.5 9.5 9.5 6.5M7 4.5 8.5 3A3.200 3.200 0 0 1 13 7.5L11.5 9M9 11.5 7.5 13A3.200 3.200 0 0 1 3 8.5L4.5 7",
  moon: "M13 9.800A5.600 5.600 0 0 1 6.200 3a5.5 5.5 0 1 0 6.800 6.800Z",
  next: "M4 3.5 9.5 8 4 12.5zM12 3.5v9",
  offline:
    "M2 2l12 12M4.700 9.200a4.700 4.700 0 0 1 2-1.200M2.300 6.600A8 8 0 0 1 4.5 5.100M7 4.300a8 8 0 0 1 6.700 2.300M8 12.25v.01",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  play: "M4.5 3 12.5 8l-8 5z",
  previous: "M12 3.5 6.5 8l5.5 4.5zM4 3.5v9",
  retry: "M13 8a5 5 0 1 1-1.5-3.5L13 6M13 2.5V6H9.5",
  side: "M2.5 3.5h11v9h-11zM8 3.5v9",
  sun: "M8 10.75a2.75 2.75 0 1 0 0-5.5 2.75 2.75 0 0 0 0 5.5ZM8 1.5v1.25M8 13.25v1.25M1.5 8h1.25M13.25 8h1.25M3.400 3.400l.9.9M11.700 11.700l.9.9M3.400 12.600l.9-.9M11.700 4.300l.9-.9",
  taste: "M6 2.5h4M7 2.5v4L3.5 12a1 1 0 0 0 .9 1.5h7.200a1 1 0 0 0 .9-1.5L9 6.5v-4M5 10h6",
  trash: "M3 4.5h10M6.5 4.5v-2h3v2M4.5 4.5l.5 9h6l.5-9M7 7v4M9 7v4",
  upload: "M8 10.5V3m-3 3 3-3 3 3M2.5 13.5h11",
  warn: "M8 2.5 14 13H2zM8 6.5v3M8 11.25v.01",
} as const;

export type IconName = keyof typeof paths;

/** A picture beside words, never instead of them: it is hidden from screen readers. */
export function Icon({ name, size = 16 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={paths[name]} />
    </svg>
  );
}
