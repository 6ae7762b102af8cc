"""Reads a TextGrid with praatio, or an EAF with pympi, and prints its tiers as JSON: [[start, end, text], ...] by tier, seconds."""
import json
import sys

kind, file = sys.argv[1:]
if kind == "textgrid":
    from praatio import textgrid

    grid = textgrid.openTextgrid(file, includeEmptyIntervals=True)
    tiers = {tier.name: [[*entry] for entry in tier.entries] for tier in grid.tiers}
    print(json.dumps({"tiers": tiers, "seconds": grid.maxTimestamp}))
else:
    from pympi import Elan

    eaf = Elan.Eaf(file)
    tiers = {
        "emotion": [[a / 1000, b / 1000, text] for a, b, text in eaf.get_annotation_data_for_tier("emotion")],
        "probability": [[a / 1000, b / 1000, text] for a, b, text, _ in eaf.get_ref_annotation_data_for_tier("probability")],
    }
    parent = eaf.get_parameters_for_tier("probability")["PARENT_REF"]
    print(json.dumps({"tiers": tiers, "parent": parent, "media": eaf.media_descriptors}))
