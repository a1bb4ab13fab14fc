package media

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/png"
	"io"
	"slices"
)

const pngSignature = "\x89PNG\r\n\x1a\n"

type pngChunk struct {
	name string
	data []byte
}

func (c pngChunk) appendTo(out []byte) []byte {
	out = binary.BigEndian.AppendUint32(out, uint32(len(c.data)))
	begin := len(out)
	out = append(append(out, c.name...), c.data...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[begin:]))
}

func pngFile(chunks ...pngChunk) []byte {
	out := []byte(pngSignature)
	for _, c := range chunks {
		out = c.appendTo(out)
	}
	return pngChunk{name: "IEND"}.appendTo(out)
}

// pngChunks splits a PNG into chunks up to its end marker and returns the position of the marker. A truncated file is accepted if only the
// marker or a chunk that is dropped anyway is incomplete.
func pngChunks(raw []byte) (chunks []pngChunk, end int, err error) {
	end = len(pngSignature)
	for len(raw)-end >= 8 {
		size, name := int64(binary.BigEndian.Uint32(raw[end:])), string(raw[end+4:end+8])
		if name == "IEND" {
			return chunks, end, nil
		}
		if size > int64(len(raw)-end-12) {
			if slices.Contains([]string{"IHDR", "PLTE", "tRNS", "IDAT", "acTL", "fcTL", "fdAT"}, name) {
				return nil, 0, refuse(Broken)
			}
			break
		}
		chunks = append(chunks, pngChunk{name, raw[end+8 : end+8+int(size)]})
		end += 12 + int(size)
	}
	return chunks, end, nil
}

// reencodePNG encodes a picture again. An animation keeps its frames and nothing else.
func reencodePNG(raw []byte, rotation int) (*Prepared, error) {
	chunks, end, err := pngChunks(raw)
	if err != nil {
		return nil, err
	}
	picture, err := png.Decode(bytes.NewReader(pngChunk{name: "IEND"}.appendTo(raw[:end:end])))
	if err != nil {
		return nil, refuse(Broken)
	}
	frames, err := pngFrames(chunks)
	if err != nil {
		return nil, err
	}
	if len(frames) == 0 {
		return encode(PNG, rotate(picture, rotation))
	}
	return rebuildAnimatedPNG(chunks, frames, picture)
}

// pngFrame is one frame of an animation: its control chunk without the sequence number, and its compressed pixels. The still picture for
// programs without support for animations is a frame too. Its control is nil if it is not part of the animation.
type pngFrame struct {
	control []byte
	pixels  []byte
}

func (f pngFrame) size() (width, height int) {
	return int(binary.BigEndian.Uint32(f.control)), int(binary.BigEndian.Uint32(f.control[4:]))
}

// pngFrames returns the frames of an animated PNG, the still picture first, or none if the PNG is not animated. It refuses too many frames
// before any is decoded.
func pngFrames(chunks []pngChunk) ([]pngFrame, error) {
	var frames []pngFrame
	var still pngFrame
	var control []byte
	announced, work := 0, 0
	for _, c := range chunks {
		switch c.name {
		case "acTL":
			if len(c.data) != 8 {
				return nil, refuse(Broken)
			}
			announced = int(binary.BigEndian.Uint32(c.data))
		case "fcTL":
			if len(c.data) != 26 {
				return nil, refuse(Broken)
			}
			control = c.data[4:]
			if len(frames) == 0 && still.pixels == nil {
				still.control = control
				continue
			}
			frames = append(frames, pngFrame{control: control})
			width, height := frames[len(frames)-1].size()
			if width < 1 || height < 1 || width > maxSide || height > maxSide {
				return nil, refuse(Broken)
			}
			if work += width * height; work > maxWork || len(frames) > maxFrames {
				return nil, refuse(TooManyPixels)
			}
		case "IDAT":
			still.pixels = append(still.pixels, c.data...)
		case "fdAT":
			if len(frames) == 0 || len(c.data) < 4 {
				return nil, refuse(Broken)
			}
			last := &frames[len(frames)-1]
			last.pixels = append(last.pixels, c.data[4:]...)
		}
	}
	moving := len(frames)
	if still.control != nil {
		moving++
	}
	if announced == 0 || moving == 0 {
		return nil, nil
	}
	if announced != moving {
		return nil, refuse(Broken)
	}
	return append([]pngFrame{still}, frames...), nil
}

// rebuildAnimatedPNG decodes every frame to validate it and builds a new file from the frames.
func rebuildAnimatedPNG(chunks []pngChunk, frames []pngFrame, still image.Image) (*Prepared, error) {
	head := chunks[0]
	var colours []pngChunk // palette and transparency
	var loop pngChunk
	for _, c := range chunks {
		switch c.name {
		case "PLTE", "tRNS":
			colours = append(colours, c)
		case "acTL":
			loop = c
		}
	}
	out := append([]pngChunk{head, loop}, colours...)
	number := uint32(0)
	numbered := func(name string, data []byte) {
		out = append(out, pngChunk{name, append(binary.BigEndian.AppendUint32(nil, number), data...)})
		number++
	}
	for i, f := range frames {
		width, height := still.Bounds().Dx(), still.Bounds().Dy()
		if f.control != nil {
			w, h := f.size()
			x, y := int(binary.BigEndian.Uint32(f.control[8:])), int(binary.BigEndian.Uint32(f.control[12:]))
			if x+w > width || y+h > height || i == 0 && (w != width || h != height) {
				return nil, refuse(Broken)
			}
			width, height = w, h
			numbered("fcTL", f.control)
		}
		pixels, err := repack(f.pixels, width, height)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			out = append(out, pngChunk{"IDAT", pixels})
			continue
		}
		alone := slices.Clone(head.data)
		binary.BigEndian.PutUint32(alone, uint32(width))
		binary.BigEndian.PutUint32(alone[4:], uint32(height))
		if _, err := png.Decode(bytes.NewReader(pngFile(slices.Concat([]pngChunk{{"IHDR", alone}}, colours,
			[]pngChunk{{"IDAT", pixels}})...))); err != nil {
			return nil, refuse(Broken)
		}
		numbered("fdAT", pixels)
	}
	return finish(PNG, pngFile(out...), still)
}

// repack decompresses pixels and compresses them again, so that no data can hide after them.
func repack(packed []byte, width, height int) ([]byte, error) {
	in, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, refuse(Broken)
	}
	limit := 8*int64(width)*int64(height) + 8*int64(height) + 64 // four channels of 16 bits, and a filter byte for each line of each pass
	var out bytes.Buffer
	pack := zlib.NewWriter(&out)
	n, err := io.Copy(pack, io.LimitReader(in, limit+1))
	if err != nil || n > limit || pack.Close() != nil {
		return nil, refuse(Broken)
	}
	return out.Bytes(), nil
}
