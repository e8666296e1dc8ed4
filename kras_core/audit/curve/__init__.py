"""From a published Kaplan–Meier figure to patient rows that redraw it.

`points` reads what was digitised, `calibrate` turns clicks on a picture into coordinates, `guyot` makes the rows of
one arm, `reconstruct` describes and compares the arms and says how far re-digitising could move them, and
`patients` makes a cohort of them, marked reconstructed.
"""
