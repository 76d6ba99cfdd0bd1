package bench

import "fmt"

// This file defines the rows of the report.

// sections are the report's sections on what was measured in rounds.
func (b *bench) sections() []Section {
	cell := Section{
		Title: "One cell",
		About: fmt.Sprintf("Raw is the lower bound of a cold boot: the same kernel on the same machine, from starting QEMU until "+
			"PID 1, a program of %d bytes that is alone in its initramfs, has written to the console. A cold cell has a VM "+
			"that is booted for it, and counts from starting QEMU to the stored verdict. A restored cell counts from when a worker "+
			"starts it, with its VM paused, to the stored verdict; the row below it adds starting QEMU and loading the state, which "+
			"the lab does in advance. The shared-VM cell is the second cell of a VM, in the same process.", len(smallestInit())),
		Rows: []Row{
			b.raw.row(Row{What: "raw boot to PID 1", Unit: Seconds}),
			b.cold.row(Row{What: "cold cell", Unit: Seconds}),
			b.coldTest.row(Row{What: "of which the test itself", Unit: Seconds}),
			b.overFloor(),
			b.restored.row(Row{What: "restored cell, VM prepared in advance", Unit: Seconds, Goal: goalRestored}),
			b.whole.row(Row{What: "restored cell, with starting QEMU and restoring", Unit: Seconds}),
			b.shared.row(Row{What: "cell in a shared VM", Unit: Seconds}),
		},
	}
	throughput := Section{
		Title: "Throughput",
		About: fmt.Sprintf("A whole run of %d cells over the suite's quick tests, with all jobs, from start to end, in cells per minute.", len(b.Batch)),
		Rows: []Row{
			b.isolated.row(Row{What: "each cell in a VM of its own", Unit: PerMinute, Goal: goalIsolated, AtLeast: true}),
			b.together.row(Row{What: "cells share a VM", Unit: PerMinute, Goal: goalShared, AtLeast: true}),
		},
	}
	others := Section{
		Title: "Other tools",
		About: "The same Go test on the same kernel with the same memory and CPUs, from starting the tool to its exit. None of them has a disk or " +
			"the filesystem under test: the test's files are where the tool has its temporary directory.",
	}
	for i, t := range tools {
		others.Rows = append(others.Rows, b.ownTools[i].row(Row{What: t.name, Unit: Seconds}))
	}
	return []Section{cell, throughput, others}
}

// overFloor compares the median of the cold cell with its lower bound: the raw
// boot plus the test's own time.
func (b *bench) overFloor() Row {
	r := Row{What: "cold / (raw + the test itself)", Unit: Times, Goal: goalCold}
	least := median(b.raw.samples) + median(b.coldTest.samples)
	if len(b.raw.samples) == 0 || len(b.cold.samples) == 0 || least == 0 {
		r.Note = "not all parts were measured"
		return r
	}
	r.Samples = []float64{median(b.cold.samples) / least}
	r.Note = "of the medians"
	return r
}

func memorySection(rows []Row) Section {
	return Section{
		Title: "Memory",
		About: "The proportional set size of QEMU's processes: a page that several of them map is divided among them. The VMs are restored from one " +
			"template and exist at the same time. Before the cell they are in the template's state; then each runs its cell and is stopped. " +
			"Disk usage excludes holes.",
		Rows: rows,
	}
}

func planningSection(took, mib series) Section {
	return Section{
		Title: "Planning",
		About: fmt.Sprintf("Making a plan of %d cells, and ordering them as a run does, by known durations of all of them. "+
			"The memory is everything allocated meanwhile, an upper bound of what was in use.", plannedCells),
		Rows: []Row{
			took.row(Row{What: "time", Unit: Seconds, Goal: goalPlan}),
			mib.row(Row{What: "memory", Unit: MiB, Goal: goalPlanMiB}),
		},
	}
}
