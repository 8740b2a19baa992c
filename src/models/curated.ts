/** A file that is had from one address and is the one that was tried. */
type PinnedFile = { readonly url: string; readonly sha256: string };

/** Where an ncnn network's two files are: each at its address, or in a ZIP archive under these names, in whatever folder. */
type CuratedPlace =
  | { readonly kind: "files"; readonly param: PinnedFile; readonly bin: PinnedFile }
  | { readonly kind: "archive"; readonly archive: PinnedFile; readonly param: string; readonly bin: string };

/** A network that Upres knows where to get and does not bring along: pinned, under a licence of its own. */
export type CuratedModel = {
  readonly id: string;
  readonly title: string;
  readonly scale: number;
  /** SPDX identifier, the holder, and where the text is. */
  readonly licence: string;
  readonly copyright: string;
  readonly licenceUrl: string;
  readonly place: CuratedPlace;
};

const realEsrgan = {
  licence: "BSD-3-Clause",
  copyright: "2021 Xintao Wang",
  licenceUrl: "https://github.com/xinntao/Real-ESRGAN/blob/master/LICENSE",
} as const;

/** Models of https://github.com/upscayl/custom-models, of one commit. */
const upscayl = "https://raw.githubusercontent.com/upscayl/custom-models/4b6d2cfa59c7442af115dfc6e50fd8d7d40b96ef/models";
const release = {
  url: "https://github.com/xinntao/Real-ESRGAN/releases/download/v0.2.5.0/realesrgan-ncnn-vulkan-20220424-ubuntu.zip",
  // As pinned by the Termux package of https://github.com/upscayl/upscayl-ncnn
  sha256: "e5aa6eb131234b87c0c51f82b89390f5e3e642b7b70f2b9bbe95b6a285a40c96",
} as const;

type Described = Pick<CuratedModel, "id" | "title" | "scale">;
type Sha256s = Readonly<Record<"param" | "bin", string>>;

const inFiles = (name: string, sha256: Sha256s, described: Described): CuratedModel => {
  const file = (ending: keyof Sha256s): PinnedFile => ({ url: `${upscayl}/${name}.${ending}`, sha256: sha256[ending] });
  return { ...realEsrgan, ...described, place: { kind: "files", param: file("param"), bin: file("bin") } };
};

const inRelease = (described: Described): CuratedModel => {
  const { id } = described;
  return { ...realEsrgan, ...described, place: { kind: "archive", archive: release, param: `${id}.param`, bin: `${id}.bin` } };
};

const general = "22174924330297357434ad21ed0af7f4b820008d2a502b492754d130d4142714";
const animated = "548a36f9c3f4ab8da56cd3b13badf23968bee207b396dad14d04b830e5f2ab2d";

export const curatedModels: readonly CuratedModel[] = [
  inFiles(
    "RealESRGAN_General_x4_v3",
    { param: general, bin: "85ee266b632a765a725425ba6a5620c088c8aa2939a03063b2d83b3462724cc1" },
    { id: "realesr-general-x4v3", title: "Real-ESRGAN, small, video of all kinds, 4x", scale: 4 },
  ),
  inFiles(
    "RealESRGAN_General_WDN_x4_v3",
    { param: general, bin: "74eae91a6230cbe5b931be6c49141faaff0034976933d4da9accb77c329c8a78" },
    { id: "realesr-general-wdn-x4v3", title: "Real-ESRGAN, small, keeps more noise, 4x", scale: 4 },
  ),
  inFiles(
    "realesr-animevideov3-x2",
    { param: "b88ff4f00ebf019a7fdac17fdd45a7fd3665d37509efc5baf2e4da2e24420a04", bin: animated },
    { id: "realesr-animevideo-x2", title: "Real-ESRGAN, animated video, 2x", scale: 2 },
  ),
  inFiles(
    "realesr-animevideov3-x3",
    { param: "d1a5755008791d09b57e3425fc9dd0bd26b00fdf79c606210bc0e693f8230881", bin: animated },
    { id: "realesr-animevideo-x3", title: "Real-ESRGAN, animated video, 3x", scale: 3 },
  ),
  inFiles(
    "realesr-animevideov3-x4",
    { param: "850a248e7c14c27e5bd8cf7265113a9441036a7db63963bb8aa5169d788a435e", bin: animated },
    { id: "realesr-animevideo-x4", title: "Real-ESRGAN, animated video, 4x", scale: 4 },
  ),
  inRelease({ id: "realesrgan-x4plus", title: "Real-ESRGAN, photographs, 4x", scale: 4 }),
  inRelease({ id: "realesrgan-x4plus-anime", title: "Real-ESRGAN, drawings, 4x", scale: 4 }),
];
