package media

import (
	"bytes"
	"encoding/binary"
	"image"
	"slices"

	"golang.org/x/image/webp"
)

// The chunks of a WebP that make the picture. All others (Exif, XMP, colour profiles and whatever is hidden there) are left out.
const (
	chunkHead     = "VP8X"
	chunkLoop     = "ANIM"
	chunkFrame    = "ANMF"
	chunkAlpha    = "ALPH"
	chunkLossy    = "VP8 "
	chunkLossless = "VP8L"

	flagAnimation = 1 << 1
	flagAlpha     = 1 << 4
)

type chunk struct {
	name string
	data []byte
}

// chunksOf takes a sequence of chunks apart. Where one of them is cut off, there are none, unless it is one that is not kept.
func chunksOf(raw []byte) []chunk {
	var all []chunk
	for len(raw) >= 8 {
		size := int64(binary.LittleEndian.Uint32(raw[4:]))
		if size > int64(len(raw)-8) {
			if slices.Contains([]string{"EXIF", "XMP "}, string(raw[:4])) {
				return all
			}
			return nil
		}
		all = append(all, chunk{string(raw[:4]), raw[8 : 8+size]})
		raw = raw[min(int64(len(raw)), 8+size+size&1):]
	}
	return all
}

func (c chunk) bytes() []byte {
	out := binary.LittleEndian.AppendUint32([]byte(c.name), uint32(len(c.data)))
	out = append(out, c.data...)
	if len(c.data)&1 == 1 {
		out = append(out, 0)
	}
	return out
}

// container is a whole file of these chunks.
func container(chunks ...chunk) []byte {
	body := []byte("WEBP")
	for _, c := range chunks {
		body = append(body, c.bytes()...)
	}
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

// webpFile is a file taken apart: one still picture, or frames with their heads of 16 bytes.
type webpFile struct {
	width, height int
	loop          *chunk
	frames        []webpFrame
}

type webpFrame struct {
	head          []byte // of animations
	parts         []chunk
	width, height int
}

// still is the frame as a picture of its own.
func (f webpFrame) still() []byte {
	if len(f.parts) == 1 {
		return container(f.parts...)
	}
	return container(append([]chunk{headOf(f.width, f.height, flagAlpha)}, f.parts...)...)
}

func headOf(width, height int, flags byte) chunk {
	data := make([]byte, 10)
	data[0] = flags
	put24(data[4:], width-1)
	put24(data[7:], height-1)
	return chunk{chunkHead, data}
}

func put24(to []byte, n int) { to[0], to[1], to[2] = byte(n), byte(n>>8), byte(n>>16) }
func get24(from []byte) int  { return int(from[0]) | int(from[1])<<8 | int(from[2])<<16 }

func readWebP(raw []byte) (*webpFile, error) {
	if len(raw) < 20 {
		return nil, refuse(Broken)
	}
	end := int64(binary.LittleEndian.Uint32(raw[4:])) + 8
	cut := end - int64(len(raw))
	f := new(webpFile)
	var parts []chunk
	for _, c := range chunksOf(raw[12:max(12, min(end, int64(len(raw))))]) {
		switch c.name {
		case chunkHead:
			if len(c.data) < 10 {
				return nil, refuse(Broken)
			}
			f.width, f.height = get24(c.data[4:])+1, get24(c.data[7:])+1
		case chunkLoop:
			f.loop = &c
		case chunkAlpha, chunkLossy, chunkLossless:
			parts = append(parts, c)
		case chunkFrame:
			if len(c.data) < 16 {
				return nil, refuse(Broken)
			}
			frame, err := frameOf(pictureChunks(c.data[16:]))
			if err != nil {
				return nil, err
			}
			frame.head = c.data[:16]
			f.frames = append(f.frames, *frame)
		}
	}
	if cut > 1 && len(f.frames) > 0 { // more than the padding: frames may be missing
		return nil, refuse(Broken)
	}
	if f.loop != nil && len(f.frames) > 0 && len(f.loop.data) >= 6 {
		f.loop.data = f.loop.data[:6]
		return f, nil
	}
	frame, err := frameOf(parts)
	if err != nil {
		return nil, err
	}
	*f = webpFile{width: frame.width, height: frame.height, frames: []webpFrame{*frame}}
	return f, nil
}

func pictureChunks(raw []byte) []chunk {
	var kept []chunk
	for _, c := range chunksOf(raw) {
		if c.name == chunkAlpha || c.name == chunkLossy || c.name == chunkLossless {
			kept = append(kept, c)
		}
	}
	return kept
}

// frameOf reads the size from the picture itself. A frame is one picture, or its alpha and the picture.
func frameOf(parts []chunk) (*webpFrame, error) {
	ok := len(parts) == 1 && parts[0].name != chunkAlpha || len(parts) == 2 && parts[0].name == chunkAlpha && parts[1].name == chunkLossy
	if !ok {
		return nil, refuse(Broken)
	}
	config, err := webp.DecodeConfig(bytes.NewReader(container(parts[len(parts)-1])))
	if err != nil {
		return nil, refuse(Broken)
	}
	return &webpFrame{parts: parts, width: config.Width, height: config.Height}, nil
}

func planWebP(raw []byte) (plan, error) {
	f, err := readWebP(raw)
	if err != nil {
		return plan{}, err
	}
	p := plan{width: f.width, height: f.height, bytesPerPixel: 4}
	work := 0
	for _, frame := range f.frames {
		work += frame.width * frame.height
		if frame.width > f.width || frame.height > f.height {
			return p, refuse(Broken)
		}
	}
	if len(f.frames) > maxFrames || work > maxWork {
		return p, refuse(TooManyPixels)
	}
	return p, nil
}

// remakeWebP decodes every frame, to see that it can be, and puts them together again with nothing beside them. One that the camera held
// another way is turned, and becomes a JPEG or, where it can be seen through, a PNG.
func remakeWebP(raw []byte, turned int) (*Prepared, error) {
	f, err := readWebP(raw)
	if err != nil {
		return nil, err
	}
	var first image.Image
	for _, frame := range f.frames {
		picture, err := webp.Decode(bytes.NewReader(frame.still()))
		if err != nil {
			return nil, refuse(Broken)
		}
		if first == nil {
			first = picture
		}
	}
	if f.loop == nil && turned > 1 {
		kind := JPEG
		if opaque, can := first.(interface{ Opaque() bool }); !can || !opaque.Opaque() {
			kind = PNG
		}
		return encode(kind, turn(first, turned))
	}
	if f.loop == nil {
		return finish(WebP, f.frames[0].still(), first)
	}
	whole := []chunk{headOf(f.width, f.height, flagAnimation|flagAlpha), *f.loop}
	for _, frame := range f.frames {
		data := append([]byte{}, frame.head...)
		for _, part := range frame.parts {
			data = append(data, part.bytes()...)
		}
		whole = append(whole, chunk{chunkFrame, data})
	}
	p, err := finish(WebP, container(whole...), first)
	if err == nil {
		p.Width, p.Height = f.width, f.height
	}
	return p, err
}
