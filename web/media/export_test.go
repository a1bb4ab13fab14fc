package media

// TakeAll reserves all memory for decoding and returns a function that releases it, or nil if some of it is in use.
func TakeAll() (release func()) {
	if !memory.TryAcquire(decodingMemory) {
		return nil
	}
	return func() { memory.Release(decodingMemory) }
}
