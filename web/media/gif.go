package media

import (
	"bytes"
	"image"
	"image/draw"
	"image/gif"
	"io"
)

// planGIF reads the blocks of a GIF and returns its size and the work for all frames, without decompressing any.
func planGIF(raw []byte) (plan, error) {
	if len(raw) < 13 {
		return plan{}, refuse(Broken)
	}
	p := plan{width: int(raw[6]) | int(raw[7])<<8, height: int(raw[8]) | int(raw[9])<<8, bytesPerPixel: 4}
	at := 13 + colourTableSize(raw[10])
	frames, work := 0, int64(0)
	for at < len(raw) {
		switch raw[at] {
		case 0x3b:
			p.extra = work
			return p, nil
		case 0x21:
			at += 2
		case 0x2c:
			if at+10 >= len(raw) {
				return p, refuse(Broken)
			}
			work += int64(int(raw[at+5])|int(raw[at+6])<<8) * int64(int(raw[at+7])|int(raw[at+8])<<8)
			if frames++; frames > maxFrames || work > maxWork {
				return p, refuse(TooManyPixels)
			}
			at += 11 + colourTableSize(raw[at+9])
		default:
			return p, refuse(Broken)
		}
		for at < len(raw) && raw[at] != 0 {
			at += 1 + int(raw[at])
		}
		at++
	}
	// The end marker is missing. The decoder checks whether the last frame is complete.
	p.extra, p.missing = work, []byte{0x3b}
	if at == len(raw)+1 { // the end of the last block is missing too
		p.missing = []byte{0, 0x3b}
	}
	if frames == 0 || at > len(raw)+1 {
		return p, refuse(Broken)
	}
	return p, nil
}

// colourTableSize returns the size in bytes of the colour table that the flags announce.
func colourTableSize(flags byte) int {
	if flags&0x80 == 0 {
		return 0
	}
	return 3 << (flags&7 + 1)
}

// reencodeGIF encodes the frames again and drops everything else.
func reencodeGIF(raw, missing []byte) (*Prepared, error) {
	all, err := gif.DecodeAll(io.MultiReader(bytes.NewReader(raw), bytes.NewReader(missing)))
	if err != nil || len(all.Image) == 0 {
		return nil, refuse(Broken)
	}
	var out bytes.Buffer
	if err := gif.EncodeAll(&out, all); err != nil {
		return nil, refuse(Broken)
	}
	shown := image.NewRGBA(image.Rect(0, 0, all.Config.Width, all.Config.Height))
	first := all.Image[0]
	draw.Draw(shown, first.Bounds(), first, first.Bounds().Min, draw.Over)
	return finish(GIF, out.Bytes(), shown)
}
