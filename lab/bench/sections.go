package bench

import "fmt"

// This file says what the report's rows are.

// sections are those of what was measured round by round.
func (b *bench) sections() []Section {
	cell := Section{
		Title: "One cell",
		About: fmt.Sprintf("Raw is the least that a cold boot can take: the same kernel on the same machine, from starting QEMU until "+
			"PID 1, a program of %d bytes that is alone in its initramfs, has said its first word on the console. A cold cell has a VM "+
			"that is booted for it, and counts from starting QEMU to the stored verdict. A restored cell counts from when a worker "+
			"takes it up, with its VM at a standstill, to the stored verdict; the row below it adds QEMU's start and the loading of "+
			"the state, which the lab does ahead of time. The shared-VM cell is the second one of a VM, in the same process.", len(smallestInit())),
		Rows: []Row{
			b.raw.row(Row{What: "raw boot to PID 1", Unit: Seconds}),
			b.cold.row(Row{What: "cold cell", Unit: Seconds}),
			b.coldTest.row(Row{What: "of that, the test itself", Unit: Seconds}),
			b.overFloor(),
			b.restored.row(Row{What: "restored cell, its VM prepared ahead", Unit: Seconds, Goal: goalRestored}),
			b.whole.row(Row{What: "restored cell, with QEMU's start and restore", Unit: Seconds}),
			b.shared.row(Row{What: "cell in a shared VM", Unit: Seconds}),
		},
	}
	throughput := Section{
		Title: "Throughput",
		About: fmt.Sprintf("A whole run of %d cells over the suite's quick tests, all jobs in use, from its start to its end: cells a minute.", len(b.Batch)),
		Rows: []Row{
			b.isolated.row(Row{What: "each cell in a VM of its own", Unit: PerMinute, Goal: goalIsolated, AtLeast: true}),
			b.together.row(Row{What: "cells share a VM", Unit: PerMinute, Goal: goalShared, AtLeast: true}),
		},
	}
	others := Section{
		Title: "Other tools",
		About: "The same Go test on the same kernel with as much memory and as many CPUs, from starting the tool to its end. None of them has a disk or " +
			"the filesystem under test: the test's files are where the tool has its temporary directory.",
	}
	for i, t := range tools {
		others.Rows = append(others.Rows, b.ownTools[i].row(Row{What: t.name, Unit: Seconds}))
	}
	return []Section{cell, throughput, others}
}

// overFloor compares the medians of the cold cell and of what it cannot do
// without: the raw boot and the test's own time.
func (b *bench) overFloor() Row {
	r := Row{What: "cold / (raw + the test itself)", Unit: Times, Goal: goalCold}
	least := median(b.raw.samples) + median(b.coldTest.samples)
	if len(b.raw.samples) == 0 || len(b.cold.samples) == 0 || least == 0 {
		r.Note = "a part of it was not measured"
		return r
	}
	r.Samples = []float64{median(b.cold.samples) / least}
	r.Note = "of the medians"
	return r
}

func memorySection(rows []Row) Section {
	return Section{
		Title: "Memory",
		About: "The proportional set size of QEMU's processes: a page that several of them map counts for each by its share. The VMs are restored from one " +
			"template and are all there at once. Before the cell they stand where the template stands; then each runs its cell and is stopped. " +
			"On disk only what is not a hole counts.",
		Rows: rows,
	}
}

func planningSection(took, mib series) Section {
	return Section{
		Title: "Planning",
		About: fmt.Sprintf("Making a plan of %d cells, and putting them into the order in which a run takes them up, by durations that are known for each. "+
			"The memory is all that was allocated meanwhile, which is more than was in use at once.", plannedCells),
		Rows: []Row{
			took.row(Row{What: "time", Unit: Seconds, Goal: goalPlan}),
			mib.row(Row{What: "memory", Unit: MiB, Goal: goalPlanMiB}),
		},
	}
}
