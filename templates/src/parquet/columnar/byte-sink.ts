import { copyText, viewOf } from './words.ts'

/** Bytes written one after the other. What does not fit makes it grow. */
export class ByteSink {
  view: DataView<ArrayBuffer>
  length = 0

  constructor(size: number) {
    this.view = new DataView(new ArrayBuffer(size))
  }

  get bytes(): Uint8Array {
    return new Uint8Array(this.view.buffer, 0, this.length)
  }

  /** Makes room for so many bytes more. */
  reserve(length: number): void {
    if (this.length + length <= this.view.byteLength) return
    const larger = new Uint8Array((this.length + length) * 2)
    larger.set(this.bytes)
    this.view = viewOf(larger)
  }

  byte(value: number): void {
    this.reserve(1)
    this.view.setUint8(this.length++, value)
  }

  /** ULEB128. */
  varint(value: number): void {
    let rest = value
    for (; rest > 127; rest = Math.floor(rest / 128)) this.byte((rest % 128) | 128)
    this.byte(rest)
  }

  text(source: DataView, start: number, length: number): void {
    this.reserve(length)
    copyText(source, start, this.view, this.length, length)
    this.length += length
  }
}
