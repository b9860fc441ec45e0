package smartpackage

// Lock keeps other processes away from what path stands for, until it is released.
func Lock(path string) (release func() error, err error) { return lock(path) }
