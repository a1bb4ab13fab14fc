package media

import (
	"bytes"
	"encoding/binary"
	"image"
	"slices"

	"golang.org/x/image/webp"
)

// The chunks of a WebP that make up the picture. All others (Exif, XMP, colour profiles and unknown ones) are dropped.
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

// chunksOf splits a sequence of chunks. It returns nil if a chunk is truncated, unless that chunk would be dropped anyway.
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

// container returns a complete file with these chunks.
func container(chunks ...chunk) []byte {
	body := []byte("WEBP")
	for _, c := range chunks {
		body = append(body, c.bytes()...)
	}
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

// webpFile is a parsed file: one still picture, or the frames of an animation with their headers of 16 bytes.
type webpFile struct {
	width, height int
	loop          *chunk
	frames        []webpFrame
}

type webpFrame struct {
	head          []byte // only in animations
	parts         []chunk
	width, height int
}

// still returns the frame as a separate still picture.
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

// readWebP parses a file and drops all chunks that are not part of the picture.
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
	if cut > 1 && len(f.frames) > 0 { // more than the padding is missing: frames may be lost
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

// frameOf returns a frame with the size that its picture declares. A frame is either one picture or an alpha chunk and a lossy picture.
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

// reencodeWebP decodes every frame to validate it and builds a new file from the frames, without other chunks. A still picture that needs
// rotation becomes a JPEG, or a PNG if it has transparency.
func reencodeWebP(raw []byte, rotation int) (*Prepared, error) {
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
	if f.loop == nil && rotation > 1 {
		kind := JPEG
		if opaque, can := first.(interface{ Opaque() bool }); !can || !opaque.Opaque() {
			kind = PNG
		}
		return encode(kind, rotate(first, rotation))
	}
	if f.loop == nil {
		return finish(WebP, f.frames[0].still(), first)
	}
	chunks := []chunk{headOf(f.width, f.height, flagAnimation|flagAlpha), *f.loop}
	for _, frame := range f.frames {
		data := append([]byte{}, frame.head...)
		for _, part := range frame.parts {
			data = append(data, part.bytes()...)
		}
		chunks = append(chunks, chunk{chunkFrame, data})
	}
	p, err := finish(WebP, container(chunks...), first)
	if err == nil {
		p.Width, p.Height = f.width, f.height
	}
	return p, err
}
