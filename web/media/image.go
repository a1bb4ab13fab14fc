package media

import (
	"bytes"
	"context"
	"image"
	"image/draw"
	"image/jpeg"
	"image/png"
	"io"
	"runtime"

	"github.com/bep/imagemeta"
	scale "golang.org/x/image/draw"
	"golang.org/x/sync/semaphore"
)

const (
	// MaxPixels is the maximum number of pixels of an image. All frames of an animation together may have twice as many.
	MaxPixels = 50_000_000
	maxSide   = 30_000
	maxFrames = 1000
	maxWork   = 2 * MaxPixels // pixels of all frames

	thumbnailSide  = 480
	storedQuality  = 90
	thumbQuality   = 82
	decodingMemory = 256 << 20
)

// memory bounds the memory of concurrent decoding, in bytes. slots bounds the number of images decoded at the same time.
var (
	memory = semaphore.NewWeighted(decodingMemory)
	slots  = semaphore.NewWeighted(int64(max(1, runtime.GOMAXPROCS(0)-1)))
)

// plan holds what the headers of an image declare, before any of it is decoded.
type plan struct {
	width, height int
	bytesPerPixel float64 // memory needed for decoding
	extra         int64   // additional memory for decoding, in bytes
	missing       []byte  // the end marker to append if the file lacks it
}

// cost returns the memory needed to decode the image and make the thumbnail, in bytes.
func (p plan) cost() int64 {
	cost := int64(float64(p.width)*float64(p.height)*p.bytesPerPixel) + p.extra
	w, _ := thumbnailSize(p.width, p.height)
	return cost + int64(w)*int64(p.height)*32 // for scaling
}

// prepareImage checks an image against the bounds, waits for memory and a slot, and encodes it again.
func prepareImage(ctx context.Context, kind string, content *io.SectionReader) (*Prepared, error) {
	raw, err := io.ReadAll(content)
	if err != nil {
		return nil, err
	}
	rotation := orientation(kind, raw)
	p, err := planOf(kind, raw)
	if err != nil {
		return nil, err
	}
	if rotation > 1 {
		p.bytesPerPixel += 4
	}
	cost := p.cost()
	if p.width < 1 || p.height < 1 {
		return nil, refuse(Broken)
	}
	if p.width > maxSide || p.height > maxSide || p.width*p.height > MaxPixels || cost > decodingMemory {
		return nil, refuse(TooManyPixels)
	}
	for _, bound := range []struct {
		of *semaphore.Weighted
		n  int64
	}{{memory, cost}, {slots, 1}} {
		if err := bound.of.Acquire(ctx, bound.n); err != nil {
			return nil, err
		}
		defer bound.of.Release(bound.n)
	}
	switch kind {
	case GIF:
		return reencodeGIF(raw, p.missing)
	case WebP:
		return reencodeWebP(raw, rotation)
	}
	if kind == PNG {
		return reencodePNG(raw, rotation)
	}
	picture, err := jpeg.Decode(io.MultiReader(bytes.NewReader(raw), bytes.NewReader(p.missing)))
	if err != nil {
		return nil, refuse(Broken)
	}
	return encode(kind, rotate(picture, rotation))
}

func planOf(kind string, raw []byte) (plan, error) {
	switch kind {
	case JPEG:
		return planJPEG(raw)
	case GIF:
		return planGIF(raw)
	case WebP:
		return planWebP(raw)
	}
	config, err := png.DecodeConfig(bytes.NewReader(raw))
	if err != nil {
		return plan{}, refuse(Broken)
	}
	p := plan{width: config.Width, height: config.Height, bytesPerPixel: 4}
	if raw[24] == 16 { // bits per channel
		p.bytesPerPixel = 8
	}
	if raw[28] != 0 { // interlaced: the decoder needs half as much memory again
		p.bytesPerPixel *= 1.5
	}
	return p, nil
}

// encode encodes a picture as JPEG or PNG without metadata.
func encode(kind string, picture image.Image) (*Prepared, error) {
	var out bytes.Buffer
	var err error
	if kind == JPEG {
		err = jpeg.Encode(&out, picture, &jpeg.Options{Quality: storedQuality})
	} else {
		err = png.Encode(&out, picture)
	}
	if err != nil {
		return nil, refuse(Broken)
	}
	return finish(kind, out.Bytes(), picture)
}

// finish returns the prepared image with size and thumbnail. shown is the picture, or the first frame of an animation.
func finish(kind string, stored []byte, shown image.Image) (*Prepared, error) {
	p := &Prepared{
		ContentType: kind, Content: bytes.NewReader(stored), Size: int64(len(stored)), Width: shown.Bounds().Dx(),
		Height: shown.Bounds().Dy(),
	}
	var err error
	p.Thumbnail, p.ThumbnailType, err = thumbnail(shown)
	return p, err
}

func thumbnailSize(width, height int) (w, h int) {
	w, h = width, height
	if long := max(width, height); long > thumbnailSide {
		w, h = max(1, width*thumbnailSide/long), max(1, height*thumbnailSide/long)
	}
	return w, h
}

func thumbnail(picture image.Image) ([]byte, string, error) {
	w, h := thumbnailSize(picture.Bounds().Dx(), picture.Bounds().Dy())
	small := image.NewRGBA(image.Rect(0, 0, w, h))
	scale.BiLinear.Scale(small, small.Bounds(), picture, picture.Bounds(), draw.Src, nil)
	var out bytes.Buffer
	if small.Opaque() {
		err := jpeg.Encode(&out, small, &jpeg.Options{Quality: thumbQuality})
		return out.Bytes(), JPEG, err
	}
	err := png.Encode(&out, small)
	return out.Bytes(), PNG, err
}

var metaFormats = map[string]imagemeta.ImageFormat{JPEG: imagemeta.JPEG, PNG: imagemeta.PNG, WebP: imagemeta.WebP}

// orientation returns the Exif orientation, 1 to 8. It returns 1 if there is none or it cannot be read.
func orientation(kind string, raw []byte) int {
	format, known := metaFormats[kind]
	found := 1
	if !known {
		return found
	}
	_, _ = imagemeta.Decode(imagemeta.Options{
		R: bytes.NewReader(raw), ImageFormat: format, Sources: imagemeta.EXIF, LimitNumTags: 100,
		ShouldHandleTag: func(tag imagemeta.TagInfo) bool { return tag.Namespace == "IFD0" && tag.Tag == "Orientation" },
		HandleTag: func(tag imagemeta.TagInfo) error {
			if n, ok := tag.Value.(uint16); ok && n >= 1 && n <= 8 {
				found = int(n)
			}
			return imagemeta.ErrStopWalking
		},
	})
	return found
}

// rotate returns the picture in its upright position for an Exif orientation.
func rotate(picture image.Image, orientation int) image.Image {
	from, ok := picture.(image.RGBA64Image)
	if orientation <= 1 || !ok {
		return picture
	}
	at := picture.Bounds()
	w, h := at.Dx(), at.Dy()
	size := image.Rect(0, 0, w, h)
	if orientation >= 5 {
		size = image.Rect(0, 0, h, w)
	}
	var to draw.RGBA64Image = image.NewNRGBA(size)
	if opaque, can := picture.(interface{ Opaque() bool }); can && opaque.Opaque() {
		to = image.NewRGBA(size)
	}
	for y := range h {
		for x := range w {
			tx, ty := x, y
			switch orientation {
			case 2:
				tx = w - 1 - x
			case 3:
				tx, ty = w-1-x, h-1-y
			case 4:
				ty = h - 1 - y
			case 5:
				tx, ty = y, x
			case 6:
				tx, ty = h-1-y, x
			case 7:
				tx, ty = h-1-y, w-1-x
			case 8:
				tx, ty = y, w-1-x
			}
			to.SetRGBA64(tx, ty, from.RGBA64At(at.Min.X+x, at.Min.Y+y))
		}
	}
	return to
}
