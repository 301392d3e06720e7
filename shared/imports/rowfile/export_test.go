package rowfile

// DecodeUpTo is [Decode] with another bound on decompressed bytes.
var DecodeUpTo = decode
