"""Executes notebooks with Deno's Jupyter kernel, and prints what each gave as JSON: {name: [MIME types of all outputs]}.

    python run_notebooks.py FOLDER

Needs nbclient (PyPI) and deno on PATH. A cell that fails ends it, with the notebook and the error on stderr.
"""
import json
import os
import pathlib
import sys
import tempfile

import nbformat
from nbclient import NotebookClient

folder = pathlib.Path(sys.argv[1]).resolve()
with tempfile.TemporaryDirectory() as temporary:
    # a kernelspec of our own: nothing is installed
    spec = pathlib.Path(temporary, "kernels", "deno")
    spec.mkdir(parents=True)
    argv = ["deno", "jupyter", "--kernel", "--conn", "{connection_file}"]
    spec.joinpath("kernel.json").write_text(json.dumps({"argv": argv, "display_name": "Deno", "language": "typescript"}))
    os.environ["JUPYTER_PATH"] = temporary
    given = {}
    for file in sorted(folder.glob("*.ipynb")):
        notebook = nbformat.read(file, as_version=4)
        nbformat.validate(notebook)
        try:
            NotebookClient(notebook, kernel_name="deno", timeout=300, iopub_timeout=60, resources={"metadata": {"path": str(folder)}}).execute()
        except Exception as error:
            sys.exit(f"{file.name}: {error}")
        outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
        given[file.name] = [mime for output in outputs for mime in output.get("data", {})]
print(json.dumps(given))
