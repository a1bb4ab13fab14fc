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
	// MaxPixels is what an image may have, frames together twice that.
	MaxPixels = 50_000_000
	maxSide   = 30_000
	maxFrames = 1000
	maxWork   = 2 * MaxPixels // pixels of all frames

	thumbnailSide  = 480
	storedQuality  = 90
	thumbQuality   = 82
	decodingMemory = 256 << 20
)

// memory bounds what is decoded at once, in bytes, and slots how many processors it takes.
var (
	memory = semaphore.NewWeighted(decodingMemory)
	slots  = semaphore.NewWeighted(int64(max(1, runtime.GOMAXPROCS(0)-1)))
)

// plan is what an image says of itself, before any of it is decoded.
type plan struct {
	width, height int
	bytesPerPixel float64 // of memory, while it is decoded
	extra         int64   // bytes of memory beside that
	missing       []byte  // the end marker, where there is none
}

func (p plan) cost() int64 {
	cost := int64(float64(p.width)*float64(p.height)*p.bytesPerPixel) + p.extra
	w, _ := thumbnailSize(p.width, p.height)
	return cost + int64(w)*int64(p.height)*32 // what scaling needs
}

// prepareImage holds an image against the bounds, waits for its turn, and makes it anew.
func prepareImage(ctx context.Context, kind string, content *io.SectionReader) (*Prepared, error) {
	raw, err := io.ReadAll(content)
	if err != nil {
		return nil, err
	}
	turned := orientation(kind, raw)
	p, err := planOf(kind, raw)
	if err != nil {
		return nil, err
	}
	if turned > 1 {
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
		return remakeGIF(raw, p.missing)
	case WebP:
		return remakeWebP(raw, turned)
	}
	if kind == PNG {
		return remakePNG(raw, turned)
	}
	picture, err := jpeg.Decode(io.MultiReader(bytes.NewReader(raw), bytes.NewReader(p.missing)))
	if err != nil {
		return nil, refuse(Broken)
	}
	return encode(kind, turn(picture, turned))
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
	if raw[24] == 16 { // bits of a channel
		p.bytesPerPixel = 8
	}
	if raw[28] != 0 { // interlaced: half of it is there twice
		p.bytesPerPixel *= 1.5
	}
	return p, nil
}

// encode writes a picture as a JPEG or a PNG, with nothing in it but the picture.
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

// finish adds size and thumbnail; shown is the picture, or the first of several.
func finish(kind string, stored []byte, shown image.Image) (*Prepared, error) {
	p := &Prepared{ContentType: kind, Content: bytes.NewReader(stored), Size: int64(len(stored)), Width: shown.Bounds().Dx(),
		Height: shown.Bounds().Dy()}
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

// orientation is how the camera was held, 1 to 8 as Exif counts; 1 when nothing can be read.
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

// turn returns the picture as it is to be seen.
func turn(picture image.Image, how int) image.Image {
	from, ok := picture.(image.RGBA64Image)
	if how <= 1 || !ok {
		return picture
	}
	at := picture.Bounds()
	w, h := at.Dx(), at.Dy()
	size := image.Rect(0, 0, w, h)
	if how >= 5 {
		size = image.Rect(0, 0, h, w)
	}
	var to draw.RGBA64Image = image.NewNRGBA(size)
	if opaque, can := picture.(interface{ Opaque() bool }); can && opaque.Opaque() {
		to = image.NewRGBA(size)
	}
	for y := range h {
		for x := range w {
			tx, ty := x, y
			switch how {
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
