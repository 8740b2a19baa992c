"""Motion estimation and compensation by the engine's own kernels, built natively by `../kernels/build-native.sh`."""

import ctypes
from pathlib import Path

import numpy as np

BLOCK = 8


def pointer(array: np.ndarray) -> ctypes.c_void_p:
    """Where an array's samples lie."""
    return array.ctypes.data_as(ctypes.c_void_p)


def aligned_bytes(count: int) -> np.ndarray:
    """Zeroed memory at a multiple of 64."""
    raw = np.zeros(count + 64, np.uint8)
    offset = -raw.ctypes.data % 64
    return raw[offset : offset + count]


class Aligner:
    """Lays one 8-bit luma picture on another of the same size by its motion."""

    def __init__(self, library: Path, width: int, height: int) -> None:
        self.kernels = ctypes.CDLL(str(library))
        for name in ("motion_bytes", "compensate_bytes"):
            getattr(self.kernels, name).restype = ctypes.c_long
        self.kernels.compensate_samples.restype = ctypes.c_void_p
        self.width, self.height = width, height
        self.blocks = ((height + BLOCK - 1) // BLOCK, (width + BLOCK - 1) // BLOCK)
        self.motion = aligned_bytes(self.kernels.motion_bytes(width, height, 2))
        self.kernels.motion_init(pointer(self.motion), width, height, 2)
        self.compensation = aligned_bytes(self.kernels.compensate_bytes(width, height, 1))
        self.kernels.compensate_init(pointer(self.compensation), width, height, 1, 8)

    def vectors(self, target: np.ndarray, picture: np.ndarray, smoothness: int = 24) -> np.ndarray:
        """Where each block of `target` lies in `picture`. Shape: uint8 [H, W] each -> int16 [2, rows, columns], x then y.

        Units: quarter pixels.
        """
        for slot, plane in enumerate((target, picture)):
            plane = np.ascontiguousarray(plane)
            self.kernels.motion_load(pointer(self.motion), slot, pointer(plane), plane.strides[0], 1, 8)
        found, cost = np.empty((2, *self.blocks), np.int16), np.empty(self.blocks, np.uint16)
        self.kernels.motion_estimate(pointer(self.motion), 0, 1, smoothness, pointer(found[0]), pointer(found[1]), pointer(cost))
        return found

    def lay_on(self, target: np.ndarray, picture: np.ndarray) -> np.ndarray:
        """`picture` moved so that it looks like `target`. Shape: uint8 [H, W] each."""
        dx, dy = self.vectors(target, picture)
        at = self.kernels.compensate_samples(pointer(self.compensation))
        stride = self.kernels.compensate_stride(pointer(self.compensation))
        picture = np.ascontiguousarray(picture)
        for row in range(self.height):
            ctypes.memmove(at + row * stride, picture[row].ctypes.data, self.width)
        result = np.empty_like(picture)
        self.kernels.compensate(
            pointer(self.compensation), self.width, self.height, pointer(dx), pointer(dy), pointer(result), result.strides[0],
        )
        return result


def stack_neighbours(aligner: Aligner, frames: np.ndarray, index: int, count: int) -> np.ndarray:
    """The frame, then its neighbours -1, +1, -2, +2… laid on it; beyond the ends the frame itself.

    Shape: uint8 [T, H, W] -> [count, H, W].
    """
    stack = [frames[index]]
    for distance in range(1, count // 2 + 1):
        for neighbour in (index - distance, index + distance):
            inside = 0 <= neighbour < len(frames)
            stack.append(aligner.lay_on(frames[index], frames[neighbour]) if inside else frames[index])
    return np.stack(stack)
