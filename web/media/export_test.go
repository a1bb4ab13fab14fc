package media

// TakeAll holds all memory for decoding until it is given back.
func TakeAll() (give func()) {
	if !memory.TryAcquire(decodingMemory) {
		return nil
	}
	return func() { memory.Release(decodingMemory) }
}
