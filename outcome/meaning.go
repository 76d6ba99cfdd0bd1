package outcome

// Meaning says in one sentence what the reader of spliced data received. It is
// empty for None; docs/semantics.md has the definitions.
func (o Outcome) Meaning() string {
	switch o {
	case None:
		return ""
	case Snapshot:
		return "The reader received what the file contained when it was spliced."
	case Live:
		return "The reader received a later value of the same offset: the pipe shows a change made after the splice."
	case Zeroed:
		return "The reader received zeros where the file has become zero since the splice, such as in a punched hole."
	case Torn:
		return "The reader received a mixture of generations that no single version of the file explains."
	case Blocked:
		return "The change was refused, or waited until the pipe was drained."
	case Dropped:
		return "The reader received nothing: an integrity check discarded the changed data."
	case Error:
		return "The reader received an error, which the detail names, instead of data."
	case Short:
		return "The reader received fewer bytes than the kernel had counted."
	case Extra:
		return "The reader received more bytes than the kernel had counted."
	case PhantomZero:
		return "The reader received zeros where the file never was zero."
	case Moved:
		return "The reader received bytes of another offset of the file."
	case Stale:
		return "The reader received what the file held before the splice, and no longer held at it."
	case ConsumerWrite:
		return "Reading the pipe changed the source file."
	case Foreign:
		return "The reader received bytes of another file, of another run, or of unknown origin."
	}
	return "This version of splicelab does not know this outcome."
}
