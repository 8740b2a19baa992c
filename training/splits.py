"""Which material trains, which validates and which is only ever measured.

Names are glob patterns on file names. A file that no training pattern matches is never read by `prepare.py`.
"""

from fnmatch import fnmatch

# Measured by evaluate.py and by the project's bench: neither these nor other footage of their films or shoots trains.
EVALUATION_CLIPS = (
    "1-face_androidx_mv_with_2_top_shots.*",
    "1-face_sam2_*",
    "2-nature_pan_elementary_RobBye_coast.*",
    "2-nature_pan_lomiri_life_forest-stream.*",
    "4-anim_bbb_*",
    "5-screen_gnome_display-dual-monitors.*",
    "6-ugc_androidx_*",
    "6-ugc_derived_coffee_*",
    "9-odd_*",
)
EVALUATION_STILLS = ("life_by_Aitzol_Berasategi.*", "Rob Bye.*")

# Measured with 8-bit luma at 720p and above, one condition per degradation.
MEASURED_CLIPS = (
    "1-face_androidx_mv_with_2_top_shots.mp4",
    "1-face_sam2_04_coffee.mp4",
    "1-face_sam2_05_default_juggle.mp4",
    "2-nature_pan_elementary_RobBye_coast.mp4",
    "2-nature_pan_lomiri_life_forest-stream.mp4",
    "4-anim_bbb_moviepy_intro_11-28s.webm",
    "4-anim_bbb_small_bunny_1080p_60fps.mp4",
    "5-screen_gnome_display-dual-monitors.webm",
)

# Clips that train; those below 720p are halved first, because they are compressed themselves.
TRAINING_CLIPS_HALVED = (
    "1-face_intel_asl_book.*",
    "1-face_mdn_tears-of-steel_*",
    "2-nature_hhoppe_brink_loop_512.*",
    "2-nature_mdn_flower.*",
    "3-motion_gopro_max-heromode.*",
    "3-motion_udacity_solidWhiteRight.*",
    "4-anim_sintel_*",
    "7-old_mdn_friday.*",
)
TRAINING_CLIPS_FULL = ("5-screen_vhs_neofetch.*",)

VALIDATION_STILLS = ("kodak",)  # a folder name


def matches(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether a file name matches one of the patterns."""
    return any(fnmatch(name, pattern) for pattern in patterns)

# Pictures of film damage that only the bench uses: those whose number ends in 0 or 5.
EVALUATION_OVERLAYS = ("*0.png", "*5.png")
