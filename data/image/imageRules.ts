/** How images become patches: what the contract says, and what the vision tower of the base asks for. */
export interface ImageRules {
  /** Pixels of a resized image, least and most; a narrow one may have more. */
  minPixels: number;
  maxPixels: number;
  /** `drop` shows the colour that lies beneath transparent pixels, `white` lays the image over white. */
  alpha: 'drop' | 'white';
  /** Pixels on a side of a patch. */
  patch: number;
  /** Patches on a side of the block that becomes one token. */
  merge: number;
}

/** What the model reads of one image. */
export interface PreparedImage {
  /** Pixels as it is read, turned as EXIF says, before it is resized. */
  height: number;
  width: number;
  /** Patches down and across. */
  rows: number;
  columns: number;
  /**
   * [rows * columns, 3 * patch * patch], block by block of merge * merge patches: by row and column of the block, then of
   * the patch in it. Within a patch by channel, row and column.
   */
  patches: Uint8Array;
}
