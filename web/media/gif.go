package media

import (
	"bytes"
	"image"
	"image/draw"
	"image/gif"
	"io"
)

// planGIF walks the blocks: how many frames there are and how large, without unpacking any.
func planGIF(raw []byte) (plan, error) {
	if len(raw) < 13 {
		return plan{}, refuse(Broken)
	}
	p := plan{width: int(raw[6]) | int(raw[7])<<8, height: int(raw[8]) | int(raw[9])<<8, bytesPerPixel: 4}
	at := 13 + colours(raw[10])
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
			at += 11 + colours(raw[at+9])
		default:
			return p, refuse(Broken)
		}
		for at < len(raw) && raw[at] != 0 {
			at += 1 + int(raw[at])
		}
		at++
	}
	// Without its end marker: the decoder sees whether the last frame is whole.
	p.extra, p.missing = work, []byte{0x3b}
	if at == len(raw)+1 { // nor the end of the last block
		p.missing = []byte{0, 0x3b}
	}
	if frames == 0 || at > len(raw)+1 {
		return p, refuse(Broken)
	}
	return p, nil
}

// colours is how many bytes the table of colours takes that a field of flags announces.
func colours(flags byte) int {
	if flags&0x80 == 0 {
		return 0
	}
	return 3 << (flags&7 + 1)
}

// remakeGIF writes the frames anew, and nothing that lay between them.
func remakeGIF(raw, missing []byte) (*Prepared, error) {
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
