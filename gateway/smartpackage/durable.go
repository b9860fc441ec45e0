package smartpackage

// WriteDurably makes the whole content visible at path, or nothing, and comes
// back only when it would survive a power cut. Only the owner may read it.
func WriteDurably(path string, content []byte) error { return writeDurably(path, content) }

// Lock keeps other processes away from what path stands for, until it is released.
func Lock(path string) (release func() error, err error) { return lock(path) }
