/** A file that somebody posts or gives with a command. */
export interface UploadedFile {
  readonly name: string;
  readonly content: Buffer;
  /** @default application/octet-stream */
  readonly contentType?: string | undefined;
  readonly description?: string | undefined;
}

/** A file on the platform, which serves it at `url`. */
export interface Attachment extends UploadedFile {
  readonly id: string;
  readonly url: string;
}
