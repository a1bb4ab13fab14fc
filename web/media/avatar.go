package media

import (
	"bytes"
	"context"
	"image"
	"image/draw"
	"image/jpeg"
	"image/png"

	scale "golang.org/x/image/draw"
)

// avatarSide is the side of an avatar in pixels: three for each that a screen shows.
const avatarSide = 128

// Avatar checks an uploaded image as [Prepare] does and returns its middle as a small square, in JPEG, or in PNG if a
// part of it is transparent. It returns a *Refusal if the upload is refused or is no image.
func Avatar(ctx context.Context, up Upload, size int64) (content []byte, contentType string, err error) {
	p, err := Prepare(ctx, up, size)
	if err != nil {
		return nil, "", err
	}
	if p.Thumbnail == nil {
		return nil, "", refuse(UnknownType)
	}
	picture, _, err := image.Decode(bytes.NewReader(p.Thumbnail))
	if err != nil {
		return nil, "", refuse(Broken)
	}
	whole := picture.Bounds()
	side := min(whole.Dx(), whole.Dy())
	from := image.Pt(whole.Min.X+(whole.Dx()-side)/2, whole.Min.Y+(whole.Dy()-side)/2)
	square := image.NewRGBA(image.Rect(0, 0, avatarSide, avatarSide))
	scale.CatmullRom.Scale(square, square.Bounds(), picture, image.Rectangle{Min: from, Max: from.Add(image.Pt(side, side))}, draw.Src, nil)
	var out bytes.Buffer
	if square.Opaque() {
		err = jpeg.Encode(&out, square, &jpeg.Options{Quality: storedQuality})
		return out.Bytes(), JPEG, err
	}
	err = png.Encode(&out, square)
	return out.Bytes(), PNG, err
}
