package media

// maxScans is the maximum number of scans of a picture. Each scan costs work for all blocks, even if it has only a few bytes.
const maxScans = 100

// planJPEG reads the markers of a JPEG and returns its size and the memory for decoding. It refuses a picture with more than maxScans
// scans.
func planJPEG(raw []byte) (plan, error) {
	var p plan
	scans := 0
	for at := 2; at+2 <= len(raw); {
		marker := raw[at+1]
		switch {
		case raw[at] != 0xff: // inside a scan
			at++
			continue
		case marker == 0xff, marker == 0, marker >= 0xd0 && marker <= 0xd8:
			at++
			continue
		case marker == 0xd9: // the end
			return p, nil
		case at+4 > len(raw):
			return p, refuse(Broken)
		}
		length := int(raw[at+2])<<8 | int(raw[at+3])
		if length < 2 {
			return p, refuse(Broken)
		}
		body := raw[min(at+4, len(raw)):min(at+2+length, len(raw))]
		switch marker {
		case 0xc0, 0xc1, 0xc2:
			if p.width > 0 || len(body) < 6 || len(body) < 6+3*int(body[5]) {
				return p, refuse(Broken)
			}
			p.height, p.width = int(body[1])<<8|int(body[2]), int(body[3])<<8|int(body[4])
			p.bytesPerPixel = samples(body[6:], int(body[5]))
			if marker == 0xc2 { // progressive: the decoder holds all coefficients, four bytes each
				p.bytesPerPixel *= 5
			}
		case 0xda:
			if scans++; scans > maxScans {
				return p, refuse(TooManyPixels)
			}
		}
		at += 2 + length
	}
	if scans == 0 {
		return p, refuse(Broken)
	}
	p.missing = []byte{0xff, 0xd9} // the decoder checks whether the picture is complete
	return p, nil
}

// samples returns the number of samples per pixel: 3 for full colour, 1.5 for 4:2:0 chroma subsampling.
func samples(components []byte, n int) float64 {
	all, most := 0, 1
	for i := range n {
		area := int(components[3*i+1]>>4) * int(components[3*i+1]&15)
		all, most = all+area, max(most, area)
	}
	return max(1, float64(all)/float64(most))
}
