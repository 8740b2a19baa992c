/** One measured clip. `focus` is the middle of the pictured region, in fractions of width and height. */
export type QualityClip = { readonly file: string; readonly focus: { readonly x: number; readonly y: number } };

/** Clips of 720 lines and more of which none, nor anything else from the same sources, ever trains a network:
 *  `training/splits.py` keeps them apart. */
export const qualityClips: readonly QualityClip[] = [
  { file: "1-face_androidx_mv_with_2_top_shots.mp4", focus: { x: 0.5, y: 0.55 } },
  { file: "1-face_sam2_04_coffee.mp4", focus: { x: 0.7, y: 0.5 } },
  { file: "1-face_sam2_05_default_juggle.mp4", focus: { x: 0.6, y: 0.3 } },
  { file: "2-nature_pan_elementary_RobBye_coast.mp4", focus: { x: 0.2, y: 0.5 } },
  { file: "2-nature_pan_lomiri_life_forest-stream.mp4", focus: { x: 0.6, y: 0.4 } },
  { file: "4-anim_bbb_moviepy_intro_11-28s.webm", focus: { x: 0.45, y: 0.35 } },
  { file: "4-anim_bbb_small_bunny_1080p_60fps.mp4", focus: { x: 0.35, y: 0.3 } },
  { file: "5-screen_gnome_display-dual-monitors.webm", focus: { x: 0.37, y: 0.75 } },
];
