/** A network that Upres knows where to get and does not bring along: pinned, under a licence of its own. */
export type CuratedModel = {
  readonly id: string;
  readonly title: string;
  readonly scale: number;
  /** SPDX identifier, the holder, and where the text is. */
  readonly licence: string;
  readonly copyright: string;
  readonly licenceUrl: string;
  /** A ZIP archive that holds the ncnn files under these names, in whatever folder. */
  readonly archive: { readonly url: string; readonly sha256: string };
  readonly files: { readonly param: string; readonly bin: string };
};

const realEsrgan = {
  licence: "BSD-3-Clause",
  copyright: "2021 Xintao Wang",
  licenceUrl: "https://github.com/xinntao/Real-ESRGAN/blob/master/LICENSE",
  archive: {
    url: "https://github.com/xinntao/Real-ESRGAN/releases/download/v0.2.5.0/realesrgan-ncnn-vulkan-20220424-ubuntu.zip",
    // As pinned by the Termux package of https://github.com/upscayl/upscayl-ncnn
    sha256: "e5aa6eb131234b87c0c51f82b89390f5e3e642b7b70f2b9bbe95b6a285a40c96",
  },
} as const;

const inArchive = (
  id: string,
  name: string,
  { title, scale }: { readonly title: string; readonly scale: number },
): CuratedModel => ({ ...realEsrgan, id, title, scale, files: { param: `${name}.param`, bin: `${name}.bin` } });

export const curatedModels: readonly CuratedModel[] = [
  inArchive("realesrgan-x4plus", "realesrgan-x4plus", { title: "Real-ESRGAN, photographs, 4x", scale: 4 }),
  inArchive("realesrgan-x4plus-anime", "realesrgan-x4plus-anime", { title: "Real-ESRGAN, drawings, 4x", scale: 4 }),
  inArchive("realesr-animevideo-x2", "realesr-animevideov3-x2", { title: "Real-ESRGAN, animated video, 2x", scale: 2 }),
  inArchive("realesr-animevideo-x3", "realesr-animevideov3-x3", { title: "Real-ESRGAN, animated video, 3x", scale: 3 }),
  inArchive("realesr-animevideo-x4", "realesr-animevideov3-x4", { title: "Real-ESRGAN, animated video, 4x", scale: 4 }),
];
